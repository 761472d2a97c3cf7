const express = require('express')
const moment = require('moment')
const orders = require('../data/orders.json')

const router = express.Router()
router.get('/', (_req, res) => {
  const months = new Map()
  for (const { day, cents } of orders) {
    const month = moment.utc(day).format('MMMM YYYY')
    months.set(month, (months.get(month) ?? 0) + cents)
  }
  res.render('report', { months: [...months] })
})
module.exports = router
